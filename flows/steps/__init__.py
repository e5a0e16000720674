"""What each step of a run does: plain functions, values in and values out, which know nothing of Prefect."""
