import FlashSaleKit

/// How it is written whether Redis and Postgres agree.
enum AgreementSection {
    /// True, false, or null when it is not known.
    static func data(_ agreement: StoreAgreement) -> DataValue { agreement.agrees.map { .bool($0) } ?? .null }

    /// - Parameter isOver: whether the sale is finished: then Redis is not asked.
    static func facts(_ agreement: StoreAgreement, isOver: Bool) -> [(name: String, value: TableLayout.Cell)] {
        let cell: TableLayout.Cell =
            switch agreement {
            case .agrees where isOver: .init("the tables of Postgres agree; the sale is over", .green)
            case .agrees: .init("Redis and Postgres agree", .green)
            case .differs(let differences):
                .init(
                    "Redis and Postgres DISAGREE in \(differences.count == 1 ? "one thing" : "\(differences.count)")",
                    .red
                )
            case .unknown(let why): .init("not compared: \(why)", .yellow)
            }
        return [("stores", cell)]
    }

    /// The differences, one a line.
    static func sections(_ agreement: StoreAgreement) -> [ReportSection] {
        guard !agreement.differences.isEmpty else { return [] }
        let lines = agreement.differences.map { "  \(DisplayWidth.harmless($0))" }
        return [.paragraph((["Differences:"] + lines).joined(separator: "\n"))]
    }

    /// The end of a command that found differences.
    static func failure(_ found: [(sale: SaleID, agreement: StoreAgreement)]) -> CommandFailure? {
        let apart = found.filter { $0.agreement.agrees == false }
        guard let first = apart.first, let sentence = first.agreement.differences.first else { return nil }
        let count = apart.reduce(0) { $0 + $1.agreement.differences.count }
        return CommandFailure(
            .invariantViolated,
            "Redis and Postgres differ in \(count) thing\(count == 1 ? "" : "s"), the first one: "
                + DisplayWidth.harmless(sentence),
            nextStep: "recount the whole sale with `flashctl verify --sale \(first.sale)`"
        )
    }
}

extension StoreAgreement {
    /// Why they were not compared.
    var reason: String? { if case .unknown(let why) = self { why } else { nil } }
}
