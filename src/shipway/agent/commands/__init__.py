"""What each logging command does, one file for each kind of effect."""
