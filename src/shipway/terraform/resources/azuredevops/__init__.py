"""Resources and data sources of `microsoft/azuredevops`, one noun a file."""
