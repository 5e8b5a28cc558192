import Testing

@testable import FlashSaleKit
@testable import flashctl

/// What Kubernetes puts into the environment of each container is no setting; what somebody misspelled is an error.
@Suite struct ServiceVariableTests {
    private func load(_ environment: [String: String]) throws(ConfigurationError) -> FlashConfiguration {
        try FlashConfiguration(from: ConfigurationSources(environment: environment, systemFolder: "/nonexistent"))
    }

    /// The variables of one Service, as the kubelet makes them.
    private func variables(of service: String, address: String, ports: [(name: String?, number: Int, kind: String)])
        -> [String: String]
    {
        let name = String(service.uppercased().map { $0 == "-" ? "_" : $0 })
        let first = ports[0]
        var variables = [
            "\(name)_SERVICE_HOST": address,
            "\(name)_SERVICE_PORT": "\(first.number)",
            "\(name)_PORT": "\(first.kind)://\(address):\(first.number)",
        ]
        for port in ports {
            if let label = port.name { variables["\(name)_SERVICE_PORT_\(label.uppercased())"] = "\(port.number)" }
            let prefix = "\(name)_PORT_\(port.number)_\(port.kind.uppercased())"
            variables[prefix] = "\(port.kind)://\(address):\(port.number)"
            variables[prefix + "_PROTO"] = port.kind
            variables[prefix + "_PORT"] = "\(port.number)"
            variables[prefix + "_ADDR"] = address
        }
        return variables
    }

    @Test(arguments: [
        "flashctl", "flashctl-admin", "flashctl-web", "flashctl-port", "flashctl-event-loops", "flashctl-service",
    ])
    func aServiceChangesNothing(service: String) throws {
        let ports: [(name: String?, number: Int, kind: String)] = [
            ("http", 80, "tcp"), ("metrics", 9090, "tcp"), (nil, 53, "udp"), ("s", 9, "sctp"),
        ]
        let none = try load([:])
        for address in ["10.0.0.1", "fd00::1f"] {
            #expect(try load(variables(of: service, address: address, ports: ports)) == none)
        }
    }

    @Test func servicesOfTheStoresAreNoSettingsAndTheURLsAre() throws {
        var environment = variables(of: "redis", address: "10.0.0.2", ports: [(nil, 6379, "tcp")])
        environment.merge(variables(of: "postgres", address: "10.0.0.3", ports: [(nil, 5432, "tcp")])) { $1 }
        environment.merge(["PORT": "8081", "REDIS_URL": "redis:6379", "FLASHCTL_ADMIN_PORT": "9091"]) { $1 }
        environment["FLASHCTL_PORT"] = "tcp://10.0.0.1:80"
        let configuration = try load(environment)
        #expect(configuration.port.value == 8081)
        #expect(configuration.redis?.value == "redis:6379")
        #expect(configuration.postgres == nil)
        #expect(configuration.adminPort == Setting(9091, origin: .environment("FLASHCTL_ADMIN_PORT")))
    }

    /// The last two look like those of a Service by their names alone, or by their values alone.
    @Test(arguments: [
        ("FLASHCTL_PROT", "80", "did you mean PORT?"), ("FLASHCTL_PORT", "8080", "did you mean PORT?"),
        ("FLASHCTL_REDIS_URL", "redis:6379", "did you mean REDIS_URL?"),
        ("FLASHCTL_LOGLEVEL", "info", "did you mean LOG_LEVEL?"),
        ("FLASHCTL_HOTS", "::", "did you mean FLASHCTL_HOST?"),
        ("FLASHCTL_EVENT_LOPS", "2", "did you mean FLASHCTL_EVENT_LOOPS?"),
        ("FLASHCTL_IDLETIME", "90s", "did you mean FLASHCTL_IDLE_TIME?"), ("FLASHCTL_ZZZZZZ", "1", "unset it"),
        ("FLASHCTL_SERVICE_HOST", "shop.example", "unset it"), ("FLASHCTL_SERVICE_PORT", "http", "unset it"),
        ("FLASHCTL_PORT_80_TCP", "80", "unset it"), ("FLASHCTL_ADMIN_PROT", "tcp://10.0.0.1:80", "FLASHCTL_ADMIN_PORT"),
    ])
    func aMisspelledSettingIsAnError(name: String, text: String, nextStep: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try load([name: text]) }
        #expect(error.code == .unknownKey)
        #expect(error.message == "there is no setting for the environment variable \(name)")
        #expect(error.nextStep.contains(nextStep))
        #expect(FailureReport.status(for: error) == .badConfiguration)
    }
}
