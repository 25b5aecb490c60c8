"""Floor 6: Azure's protocols over HTTP; the only place that knows JSON and XML shapes."""
