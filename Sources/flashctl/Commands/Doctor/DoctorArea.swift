import FlashSaleKit

/// Where somebody has to go to change what a check has found.
enum DoctorArea: String, CaseIterable, Sendable {
    case redis, postgres, journal, sales, host

    /// The heading of its checks.
    var title: String {
        switch self {
        case .redis: "Redis"
        case .postgres: "Postgres"
        case .journal: "Journal"
        case .sales: "Sales"
        case .host: "Clocks and this host"
        }
    }

    static func of(_ name: GuardCheck.Name) -> DoctorArea {
        switch name {
        case .redis, .evictionPolicy, .role, .appendOnlyFile, .memory: .redis
        case .postgres, .schema, .durability: .postgres
        case .deadLetters, .ledgerLag, .attemptsLag: .journal
        case .sales: .sales
        case .clocks: .host
        }
    }

    static func of(_ name: DeepCheck.Name) -> DoctorArea {
        switch name {
        case .persistence, .headroom, .redisLatency, .slowCommands, .clients, .redisDisk, .scripts: .redis
        case .postgresLatency, .databaseSettings, .collation, .connections, .postgresDisk, .standbys: .postgres
        case .nextHour, .finishedSales: .sales
        case .openFiles: .host
        }
    }
}
