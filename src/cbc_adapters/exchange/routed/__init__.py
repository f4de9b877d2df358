"""One exchange of two: paper accounts here, all others there."""
