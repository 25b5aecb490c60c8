"""The studio: what happens on this machine as pages, for people who have signed in."""
