extension LoadRecord {
    /// Every metric that was measured, in the order of their names' table: what JSON holds and a later run is compared
    /// with.
    var metrics: [(metric: LoadMetric, value: Double)] {
        var all: [LoadMetric?] = [
            LoadMetric(.achieved, .rate), LoadMetric(.achieved, .share), LoadMetric(.lag, .percentile(99)),
            LoadMetric(.processors, .count), LoadMetric(.unsent, .count), LoadMetric(.unanswered, .count),
            LoadMetric(.backlog, .count), LoadMetric(.backlog, .percentile(100)), LoadMetric(.oversold, .count),
            LoadMetric(.violations, .count),
        ]
        let measures = LoadRecord.percentiles.map { LoadMetric.Measure.percentile($0.value) } + [.mean]
        // Outcomes that were not seen have nothing to tell.
        for group in LoadGroup.combined + seenOutcomes.map({ LoadGroup($0) }) {
            for measure in [.count, .rate, .share] + measures {
                all.append(LoadMetric(.requests(group, isService: false), measure))
            }
            for measure in measures { all.append(LoadMetric(.requests(group, isService: true), measure)) }
        }
        return all.compactMap { metric in
            guard let metric, let value = metric.value(in: figures) else { return nil }
            return (metric, value)
        }
    }

    /// What has to be the same in two runs that are compared.
    var circumstances: [String: String] {
        var texts = [
            "title": title, "model": model.rawValue, "kernel": provenance.kernel, "cores": String(provenance.cores),
            "version": provenance.version,
        ]
        texts["processor"] = provenance.processor
        for fact in plan + provenance.stores.flatMap(\.settings) { texts[fact.name] = fact.value }
        return texts
    }
}
