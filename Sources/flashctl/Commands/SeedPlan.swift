import FlashSaleKit

/// What the wish for a sale comes to, seen from what exists.
enum SeedPlan: Sendable, Equatable {
    /// Nothing starts then.
    case create(SaleTerms)
    /// It exists with exactly these terms.
    case same(Sale)
    /// Another sale starts then, and stays.
    case differs(Sale, [TermDifference])
    /// Another sale starts then, which is to give way; the obstacle says why it cannot.
    case replace(Sale, [TermDifference], SaleTerms, obstacle: String?)

    /// Looks at what exists; writes nothing.
    static func make(
        _ terms: SaleTerms,
        replacing: Bool,
        redis: RedisClient,
        postgres: PostgresConnection
    ) async throws -> SeedPlan {
        let store = SaleStore(postgres: postgres)
        let isOver = terms.closesAt <= (try await store.now())
        switch try await store.existing(like: terms) {
        // A sale of the past is only looked up, so that provisioning may be repeated after its end.
        case .same(let sale): return .same(sale)
        case .differs(let sale, let differences) where !replacing: return .differs(sale, differences)
        case _ where isOver:
            throw CommandFailure(
                .usage,
                "the sale would have been over since \(terms.closesAt.rfc3339)",
                nextStep: "give a later --at or --start, or a longer --duration"
            )
        case .differs(let sale, let differences):
            let withdrawal = SaleWithdrawal(redis: redis, postgres: postgres, who: "")
            return .replace(sale, differences, terms, obstacle: try await withdrawal.obstacle(to: sale))
        case .created, nil: return .create(terms)
        }
    }

    /// Why a sale cannot give way, and what to do instead.
    static func refusal(_ sale: Sale, _ obstacle: String) -> CommandFailure {
        CommandFailure(
            .failure,
            "sale \(sale.id) cannot be replaced: \(obstacle); nothing was changed",
            nextStep: "pause it with `flashctl pause --sale \(sale.id)`, or seed a sale with another start"
        )
    }
}
