"""The command line: from the words to one command."""
