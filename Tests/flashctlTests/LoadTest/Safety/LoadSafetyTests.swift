import Testing

@testable import flashctl

@Suite struct LoadSafetyTests {
    @Test(arguments: ["localhost", "LOCALHOST", "127.0.0.1", "127.9.8.7", "::1"])
    func thisMachineIsKnown(host: String) throws {
        let target = LoadTarget(host: host, port: 80)
        #expect(target.isLoopback)
        try LoadConsent.check(target, isTest: true, meant: nil)
        try LoadConsent.check(target, isTest: nil, meant: nil)
    }

    @Test(arguments: [
        "example.org", "10.0.0.1", "127.0.0.1.example.org", "127.example", "128.0.0.1", "::2", "1270.0.0.1",
    ])
    func otherMachinesHaveToBeMeant(host: String) throws {
        let target = LoadTarget(host: host, port: 80)
        let error = try #require(throws: CommandFailure.self) {
            try LoadConsent.check(target, isTest: true, meant: nil)
        }
        #expect(error.status == .usage)
        #expect(error.message.contains(host))
        #expect(error.nextStep == "add `--yes-i-mean \(host)` if this is what you mean")
        try LoadConsent.check(target, isTest: false, meant: host)
    }

    @Test func aSaleOfRealPeopleHasToBeMeant() throws {
        let target = LoadTarget(host: "localhost", port: 80)
        let error = try #require(throws: CommandFailure.self) {
            try LoadConsent.check(target, isTest: false, meant: nil)
        }
        #expect(error.message.contains("is not marked as a test"))
        #expect(throws: CommandFailure.self) { try LoadConsent.check(target, isTest: true, meant: "example.org") }
    }

    @Test func portsAreCountedBeforeTheStart() throws {
        try ConnectionPorts.check(100)
        try ConnectionPorts.check(20_000, range: "32768\t60999\n")
        let error = try #require(throws: CommandFailure.self) {
            try ConnectionPorts.check(28_000, range: "32768\t60999\n")
        }
        #expect(error.message.contains("28232"))
        #expect(error.nextStep?.contains("sysctl -w net.ipv4.ip_local_port_range") == true)
        try ConnectionPorts.check(28_000, range: "no numbers")
    }
}
