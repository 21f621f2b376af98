"""Open Job Description: the template, its parameters, the messages of a session."""
