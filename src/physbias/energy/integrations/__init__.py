"""The meter inside other programs; each module needs the package that it names."""
