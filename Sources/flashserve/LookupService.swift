import FlashSaleKit

/// Reads purchases in Postgres for the event loops.
actor LookupService {
    private let postgres: PostgresLink
    private var displays: [SaleID: SaleDisplay] = [:]

    init(postgres: PostgresLink) {
        self.postgres = postgres
    }

    /// What Postgres knows of these holds, in one query; and the displays of their sales.
    func lookUp(_ holds: Set<SaleHold>) async throws -> PurchaseFindings {
        let connection = try await postgres.connection()
        let found = try await PurchaseLookup(postgres: connection).lookup(holds)
        for case .purchased(let purchase) in found.values where displays[purchase.saleID] == nil {
            guard let sale = try await SaleStore(postgres: connection).find(purchase.saleID) else { continue }
            displays[sale.id] = SaleDisplay(terms: sale.terms)
        }
        return PurchaseFindings(found: found, displays: displays)
    }
}
