import FlashSaleKit
import NIOCore

@testable import flashserve

/// Seconds and sales of which everything is known.
enum LiveSample {
    static func now(_ phase: LivePhase, itemName: String = "Lamp") -> LiveNow {
        LiveNow(
            at: 1_795_788_000_000,
            server: LiveNow.Server(
                address: "0.0.0.0:8080",
                startedAt: 1_795_780_000_000,
                isStopping: false,
                connections: 2,
                attempts: ["held": 1],
                refusals: [:],
                purchases: 0
            ),
            sale: LiveNow.ShownSale(
                id: 7,
                itemName: itemName,
                opensAt: 1_795_788_000_000,
                closesAt: 1_795_791_600_000,
                stock: 15,
                limit: 10,
                isTest: true,
                phase: phase,
                reason: nil,
                purchasesPaused: false,
                bannedUsers: 0,
                earliestDeadline: nil
            ),
            next: nil,
            units: LiveUnits(free: 10, held: 2, sold: 3),
            lapsing: nil,
            journal: nil,
            health: LiveHealth(ServerState.Values()),
            others: [],
            past: []
        )
    }

    /// A sale that is open from second `opens` to `closes`.
    static func sale(_ id: Int64, opens: Int64, closes: Int64, epoch: Int64? = 1) throws -> Sale {
        var terms = TestServer.terms()
        terms.opensAt = Timestamp(seconds: opens)
        terms.closesAt = Timestamp(seconds: closes)
        return Sale(id: SaleID(id) ?? .sample, terms: terms, epoch: epoch, finishedAt: nil)
    }
}
