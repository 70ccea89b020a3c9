"""What lies in the input folder, and how each file is read: tables and transcripts by intake, recordings by speech.

Lives here: bringing intake and speech together, for they do not know each other. Not here: either of them.
"""
