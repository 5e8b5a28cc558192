import FlashSaleKit

extension StoreComparison {
    /// The part of the command that comes after the load.
    struct Stage: Sendable {
        let stores: Stores
        let actor: String

        /// Fails before any load when the stores cannot be read.
        func prepare() async throws {
            try await stores.withBoth { _, _ in }
        }

        /// Compares the answers with the stores; a signal meanwhile ends it without a result.
        func run(_ summary: inout LoadSummary, interrupts: AsyncStream<ExitStatus>, output: Output) async throws {
            output.say("waiting for the journal, then comparing the answers with the stores")
            let (plan, histories, since) = (summary.plan, summary.histories, summary.startedAt)
            summary.histories = []
            let ended = try await withThrowingTaskGroup(of: Ended.self) { tasks in
                tasks.addTask {
                    .compared(
                        try await stores.withBoth { redis, postgres in
                            let verifier = LoadVerifier(
                                redis: redis,
                                postgres: postgres,
                                plan: plan,
                                actor: actor,
                                handshake: stores.handshakeOptions
                            )
                            return try await verifier.run(histories, since: since)
                        }
                    )
                }
                tasks.addTask {
                    for await status in interrupts { return .interrupted(status) }
                    return .noInterrupts
                }
                defer { tasks.cancelAll() }
                while let ended = try await tasks.next() {
                    if case .noInterrupts = ended { continue }
                    return ended
                }
                return .noInterrupts
            }
            switch ended {
            case .compared(let comparison): summary.verification = comparison.verification
            case .interrupted(let status): summary.interrupt(status)
            case .noInterrupts: break
            }
        }

        private enum Ended: Sendable {
            case compared(StoreComparison)
            case interrupted(ExitStatus)
            case noInterrupts
        }
    }
}
