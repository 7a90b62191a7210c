"""Search methods as pure functions: where to look in a video, from scores, a budget and a seed."""
