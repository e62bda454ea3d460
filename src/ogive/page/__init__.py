"""What the reports look like, the study's and the check-up's: style, ticks, words, the frame."""
