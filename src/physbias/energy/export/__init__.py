"""Records for monitoring systems: OpenTelemetry and Prometheus, each an extra."""

from physbias.energy.export.opentelemetry import EnergyTelemetry
from physbias.energy.export.prometheus import EnergyCollector

__all__ = ["EnergyCollector", "EnergyTelemetry"]
