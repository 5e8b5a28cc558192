import Foundation

extension Fault {
    /// What happens to the servers.
    static let serverFaults = [killServer, killAllServers, stopServer, sigtermUnderLoad, rollingRestart]

    private static let killServer = Fault("kill-server", setup: servers(1, or: 2)) { strike in
        let server = strike.anyServer()
        await strike.shop.kill(server)
        try await strike.wait(0...1000)
        try await strike.shop.start(server)
    }

    private static let killAllServers = Fault("kill-all-servers", setup: servers(2, or: 3)) { strike in
        await withTaskGroup(of: Void.self) { tasks in
            for server in 0..<strike.shop.serverCount {
                tasks.addTask { [shop = strike.shop] in await shop.kill(server) }
            }
        }
        try await strike.wait(0...1000)
        try await strike.shop.startAll()
    }

    private static let stopServer = Fault("stop-server", setup: servers(2, or: 3)) { strike in
        let process = strike.shop.server(strike.anyServer())
        process?.signal(SIGSTOP)
        try await strike.wait(full: .seconds(15), bounded: .seconds(6))
        process?.signal(SIGCONT)
    }

    private static let sigtermUnderLoad = Fault("sigterm-under-load", setup: servers(1, or: 2)) { strike in
        let server = strike.anyServer()
        try await strike.shop.terminate(server)
        try await strike.shop.start(server)
    }

    /// A client that goes elsewhere when a server does not listen, and asks again after 503, must not notice.
    private static let rollingRestart = Fault(
        "rolling-restart",
        setup: { seed in
            var setup = servers(3)(seed)
            setup.keyed = 100
            return setup
        },
        strike: { strike in
            let shop = strike.shop
            let began = History.now
            for server in 0..<shop.serverCount {
                try await shop.terminate(server)
                try await shop.start(server)
                try await strike.wait(100...500)
            }
            // Time to ask again for those who were cut off last.
            try await strike.wait(1500...2000)
            let unanswered = shop.history.unanswered(since: began)
            if let first = unanswered.first {
                shop.fail("\(unanswered.count) operations failed during a rolling restart, first \(first)")
            }
        }
    )
}
