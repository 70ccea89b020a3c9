"""Pages and workbooks from marts and results: what people see.

Lives here: HTML pages for QA and WFM leads, XLSX, CSV and their manifest. Not here: statistics and figures (analytics).
"""
