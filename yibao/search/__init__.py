"""Search, as far as it is pure: how texts are folded, what a query asks for, what it matches, the browser's index.

The server's engine, feeds, subscriptions and the script in the browser all go by these rules.
"""
