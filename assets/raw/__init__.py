"""Receiving: from files in the input folder to raw_record and raw_file, once each."""
