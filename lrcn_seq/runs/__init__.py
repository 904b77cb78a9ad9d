"""Run folders: everything that reads or writes one."""
