import FlashSaleKit
import Synchronization

/// `--find-max`: one load after the other, all of them in one timeline.
final class LoadSearching: Sendable {
    /// Seconds that a load takes, unless somebody says otherwise.
    static let usualSeconds = 10.0

    private struct State {
        /// Of the load that runs now.
        var timeline = LoadTimeline()
        /// Seconds that the loads before it have taken.
        var before = 0.0
        var longest = 0.0
        var isRealTime = false
    }

    private let command: LoadTestCommand
    private let configuration: FlashConfiguration
    private let condition: LoadThreshold
    private let plan: LoadPlan
    private let presenter: LoadPresenter
    private let feed: InterruptFeed
    private let state = Mutex(State())

    /// - Parameter plan: of the first load.
    init(
        command: LoadTestCommand,
        configuration: FlashConfiguration,
        condition: LoadThreshold,
        plan: LoadPlan,
        presenter: LoadPresenter,
        feed: InterruptFeed
    ) {
        self.command = command
        self.configuration = configuration
        self.condition = condition
        self.plan = plan
        self.presenter = presenter
        self.feed = feed
    }

    /// Searches, and tells what it found.
    func run(_ provenance: LoadProvenance) async throws -> LoadRecord {
        let result = try await RateSearch(start: command.firstRate ?? 0) { try await self.load($0) }.run()
        var record = LoadRecord(
            title: plan.name,
            target: plan.target.description,
            model: .open,
            provenance,
            presenter.timeline
        )
        // The numbers of one load of many would be taken for those of all.
        record.plan = plan.facts(isRealTime: state.withLock { $0.isRealTime }).filter {
            !["planned", LoadRecord.runName].contains($0.name)
        }
        record.search = result.search(for: condition)
        if let objection = result.objection { record.verdict.add(objection.status, objection.sentence) }
        return record
    }

    private func load(_ rate: Double) async throws -> RateSearch.Load {
        var plan = try command.plan(configuration, rate: rate)
        plan.saleID = self.plan.saleID
        state.withLock { $0.timeline = LoadTimeline() }
        let summary = try await LoadTestCommand.load(plan, feed) { self.take($0) }
        let timeline = state.withLock { state in
            state.before += state.longest
            state.longest = 0
            state.isRealTime = summary.isRealTime
            return state.timeline
        }
        let figures = summary.figures(timeline)
        return RateSearch.Load(
            achieved: summary.achievedRate ?? 0,
            value: condition.metric.value(in: figures),
            holds: condition.holds(for: figures) ?? false,
            isValid: summary.invalidBecause.isEmpty,
            interruptedBy: summary.interruptedBy
        )
    }

    private func take(_ interval: LoadInterval) -> [LoadThreshold.Result] {
        let moved = state.withLock { state in
            state.timeline.add(interval)
            state.longest = interval.start + interval.length
            var moved = interval
            moved.start += state.before
            return moved
        }
        return presenter.take(moved)
    }
}
