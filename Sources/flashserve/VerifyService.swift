import FlashSaleKit
import Logging

/// What the last recount of the open sales found.
struct VerificationStatus: Sendable, Equatable {
    /// When it ended, by the clock of this host.
    var at: Timestamp
    /// How long it took.
    var seconds: Double
    /// Sales that were counted.
    var sales: Int
    /// Sales that were shut for a recovery.
    var recovering: Int
    /// Violations of all sales.
    var violations: Int
    /// The first findings, one sentence each.
    var sentences: [String]
}

/// Counts the open sales again every minute, so that a broken promise is known before a customer notices.
struct VerifyService: Sendable {
    let supervisor: RedisSupervisor
    let postgres: PostgresLink
    let state: ServerState
    /// Nil: never.
    let interval: Duration?
    let logger: Logger

    /// Sentences that are kept and logged of one recount.
    static let mostSentences = 5
    /// A recount that takes long is made less often: at most this share of the time goes to it.
    private static let share = 20.0

    /// Counts until cancelled.
    func run() async {
        guard let interval else { return }
        let seconds = VerifyService.seconds(interval)
        // Servers that were started together do it at different moments.
        var pause = Double.random(in: 0.1...1) * seconds
        var trouble: String?
        var said: [String] = []
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: .seconds(pause))
                let status = try await verify()
                state.update { $0.verification = status }
                trouble = nil
                // A fault stays until somebody repairs it; the log has each one once.
                for sentence in status.sentences where !said.contains(sentence) {
                    logger.error("a promise is broken", metadata: ["finding": "\(sentence)"])
                }
                said = status.sentences
                pause = max(seconds * Double.random(in: 0.9...1.1), status.seconds * VerifyService.share)
            } catch is CancellationError {
                return
            } catch {
                pause = seconds * Double.random(in: 0.9...1.1)
                let values = state.current
                let isKnown = values.redisTrouble != nil || values.postgresTrouble != nil
                if !isKnown, trouble != "\(error)", !Task.isCancelled {
                    trouble = "\(error)"
                    logger.warning("the sales could not be verified", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    /// One recount of all open sales.
    private func verify() async throws -> VerificationStatus {
        let (redis, _) = try await supervisor.connectValidated()
        do {
            let begin = ContinuousClock.now
            let verification = Verification(redis: redis, postgres: try await postgres.connection())
            var status = VerificationStatus(
                at: Timestamp.host,
                seconds: 0,
                sales: 0,
                recovering: 0,
                violations: 0,
                sentences: []
            )
            for sale in try await verification.openSales() {
                guard let report = try await recount(sale, verification) else { continue }
                status.sales += 1
                if case .recovering = report.standing { status.recovering += 1 }
                status.violations += report.violations
                let room = VerifyService.mostSentences - status.sentences.count
                status.sentences += report.findings.prefix(max(0, room)).map(\.sentence)
            }
            status.at = Timestamp.host
            status.seconds = VerifyService.seconds(ContinuousClock.now - begin)
            await redis.close()
            return status
        } catch {
            await redis.close()
            throw error
        }
    }

    /// Nil for a sale that only a newer program can count; the check `sales` names it.
    private func recount(_ sale: SaleID, _ verification: Verification) async throws -> VerificationReport? {
        do {
            return try await verification.run(sale, depth: .quick)
        } catch let error as RedisError where error.saleOfNewerFormat != nil {
            return nil
        }
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
