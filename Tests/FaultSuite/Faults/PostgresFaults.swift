extension Fault {
    /// What happens to Postgres.
    static let postgresFaults = [killPostgres, postgresAway, stopPostgres]

    private static let killPostgres = Fault("kill-postgres", setup: servers(1, or: 2)) { strike in
        try await strike.shop.stack.killPostgres()
        try await strike.wait(0...2000)
        try await strike.shop.stack.startPostgres()
    }

    private static let postgresAway = Fault("postgres-away", setup: servers(1, or: 2)) { strike in
        try await strike.shop.stack.stopPostgres()
        try await strike.wait(full: .seconds(60), bounded: .seconds(6))
        try await strike.shop.stack.startPostgres()
    }

    private static let stopPostgres = Fault("stop-postgres", setup: servers(1, or: 2)) { strike in
        try await strike.shop.stack.pausePostgres()
        try await strike.wait(full: .seconds(15), bounded: .seconds(6))
        strike.shop.stack.resumePostgres()
    }
}
