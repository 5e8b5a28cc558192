import FlashSaleKit
import Testing

@testable import flashctl

/// `trace-sample` and `trace-file`.
@Suite struct TracingSettingsTests {
    private func configuration(_ environment: [String: String]) throws -> FlashConfiguration {
        try FlashConfiguration(from: ConfigurationSources(environment: environment, systemFolder: "/nonexistent"))
    }

    @Test(arguments: [("0", 0), ("1", 1), ("0.25", 0.25), ("1.0", 1), (".5", 0.5)])
    func aShareIsANumberFrom0To1(text: String, share: Double) throws {
        #expect(try configuration(["FLASHCTL_TRACE_SAMPLE": text]).traceSample.value == share)
    }

    @Test(arguments: ["-1", "1.01", "2", "nan", "0x1p-1", "1e-1", "ten", "1 %", "0,5", "."])
    func anythingElseIsRefused(text: String) {
        let error = #expect(throws: ConfigurationError.self) { _ = try configuration(["FLASHCTL_TRACE_SAMPLE": text]) }
        #expect(error?.code == .badValue)
        #expect(error?.nextStep.contains("0 to 1") == true)
    }

    @Test func nothingIsRecordedUnlessAsked() throws {
        #expect(try ServeCommand.tracing(configuration([:])) == nil)
        let off = try configuration(["FLASHCTL_TRACE_SAMPLE": "0", "FLASHCTL_TRACE_FILE": "t.jsonl"])
        #expect(try ServeCommand.tracing(off) == nil)
        let on = try configuration(["FLASHCTL_TRACE_SAMPLE": "0.5", "FLASHCTL_TRACE_FILE": "t.jsonl"])
        let tracing = try ServeCommand.tracing(on)
        #expect(tracing?.share == 0.5 && tracing?.file == "t.jsonl")
    }

    @Test func aShareWithoutAFileIsRefused() throws {
        let sampled = try configuration(["FLASHCTL_TRACE_SAMPLE": "0.5"])
        let error = #expect(throws: ConfigurationError.self) { _ = try ServeCommand.tracing(sampled) }
        #expect(error?.code == .missing)
        #expect(error?.nextStep.contains("--trace-file") == true)
        #expect(error?.description.contains("FLASHCTL_TRACE_SAMPLE") == true)
    }
}
