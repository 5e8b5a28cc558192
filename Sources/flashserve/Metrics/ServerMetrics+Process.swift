/// The program and its process.
extension ServerMetrics {
    static func addTraces(dropped: Int, to metrics: inout MetricsText) {
        metrics.add(
            .counter,
            "flashctl_trace_spans_dropped_total",
            "Spans that found no room in their queue or their file.",
            Double(dropped)
        )
    }

    static func addProcess(_ facts: ProcessFacts, _ build: ServerBuild, to metrics: inout MetricsText) {
        metrics.add(
            .gauge,
            "flashctl_build_info",
            "1; which program serves.",
            [([("version", build.version), ("revision", build.revision), ("swift", build.swift)], 1)]
        )
        func add(_ kind: MetricsText.Kind, _ name: StaticString, _ help: StaticString, _ value: Double?) {
            if let value { metrics.add(kind, name, help, value) }
        }
        add(.gauge, "process_start_time_seconds", "When this process began, in seconds since 1970.", facts.startTime)
        add(.counter, "process_cpu_seconds_total", "Processor time of this process.", facts.cpuSeconds)
        add(.gauge, "process_resident_memory_bytes", "Memory that this process has in use.", facts.residentBytes)
        add(.gauge, "process_open_fds", "Open files and connections of this process.", facts.openFiles)
        add(.gauge, "process_max_fds", "How many of them there may be.", facts.maximumFiles)
    }
}
