"""Everything outside the domain: one package for each port, one module or package for each technology."""
