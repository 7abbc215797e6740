"""The tables and figures of the five papers, made anew: one file a paper says what each is made of.

A layer of its own above `mien.api`: it trains and scores with what the engine gives, lays the published
numbers of `mien.report.published` beside what it measured, and draws both with `mien.plots`. Nothing below
knows of it, and of it only the files of the papers know any paper by name.
"""
