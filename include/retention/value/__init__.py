"""Value models: how often customers will buy, whether they still do, and for how much.

The modules here compute and nothing else: arrays in, dataclasses out, no file and no database.
"""
