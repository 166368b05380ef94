"""Reading and writing of files. These modules are private."""
