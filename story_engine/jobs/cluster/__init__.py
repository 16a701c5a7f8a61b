"""Jobs on several machines: orders go to an existing dask cluster. Imported only where a scheduler is named."""
