import FlashSaleKit
import Foundation
import Synchronization
import Testing

@testable import flashserve

/// Requests of a real server as spans in a file.
@Suite(.serialized) struct TracingTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let parent = "b7ad6b7169203331"

    /// A span as a reader of the file finds it.
    private struct Span: Sendable, Equatable {
        let trace, id, name: String
        let parent: String?
        let attributes: [String: String]
        let seconds: Double
        let failed: Bool
    }

    private func withTraces(
        share: Double,
        _ body: @Sendable (MeasuredServer, _ spans: @Sendable () throws -> [Span]) async throws -> Void
    ) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "traces-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try await MeasuredServer.with(
            TestServer.terms(stock: 20, limit: 2),
            configure: { options in
                options.tracing = share > 0 ? TracingOptions(share: share, file: file.path) : nil
                options.build = ServerBuild(version: "1.2.3")
            }
        ) { measured in
            try await body(measured) {
                guard FileManager.default.fileExists(atPath: file.path) else { return [] }
                return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").flatMap(TracingTests.spans)
            }
        }
    }

    private static func spans(_ line: Substring) throws -> [Span] {
        let document = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        let resource = try #require((document?["resourceSpans"] as? [[String: Any]])?.first)
        let named = try #require((resource["resource"] as? [String: Any])?["attributes"] as? [[String: Any]])
        #expect(attributes(named) == ["service.name": "flashctl", "service.version": "1.2.3"])
        let scope = try #require((resource["scopeSpans"] as? [[String: Any]])?.first)
        return try #require(scope["spans"] as? [[String: Any]]).map { span in
            let start = try #require((span["startTimeUnixNano"] as? String).flatMap { Double($0) })
            let end = try #require((span["endTimeUnixNano"] as? String).flatMap { Double($0) })
            #expect(span["kind"] as? Int == 2)
            #expect(abs(end / 1e9 - Date().timeIntervalSince1970) < 3600)
            return Span(
                trace: try #require(span["traceId"] as? String),
                id: try #require(span["spanId"] as? String),
                name: try #require(span["name"] as? String),
                parent: span["parentSpanId"] as? String,
                attributes: attributes(span["attributes"] as? [[String: Any]] ?? []),
                seconds: (end - start) / 1e9,
                failed: (span["status"] as? [String: Any])?["code"] as? Int == 2
            )
        }
    }

    private static func attributes(_ list: [[String: Any]]) -> [String: String] {
        var found: [String: String] = [:]
        for attribute in list {
            let value = attribute["value"] as? [String: String] ?? [:]
            found[attribute["key"] as? String ?? ""] = value["stringValue"] ?? value["intValue"]
        }
        return found
    }

    private func header(_ flags: String, trace: String = TracingTests.trace) -> String {
        "traceparent: 00-\(trace)-\(TracingTests.parent)-\(flags)\r\n"
    }

    @Test("a caller that records its trace gets a span for its own, and its id in the answer")
    func callers() async throws {
        try await withTraces(share: 0.000_001) { measured, spans in
            let client = try await measured.server.connect()
            let target = "/checkout?user_id=secretuser&id=7"
            let held = try await client.request("POST", target, headers: self.header("01"))
            #expect(held.status == 201)
            let response = try #require(held.headers["traceresponse"])
            let code = try held.code
            let bought = try await client.request("POST", "/purchase?code=\(code)", headers: self.header("01"))
            #expect(bought.status == 200)
            // Not recorded: the caller does not, two headers contradict each other, one is malformed, none.
            for headers in [
                self.header("00"), self.header("01") + self.header("01"), self.header("01", trace: "00"), "",
            ] {
                let answer = try await client.request("POST", "/checkout?user_id=b&id=7", headers: headers)
                #expect(answer.headers["traceresponse"] == nil, "\(headers)")
            }
            let wrong = try await client.request("GET", "/path/\(code)?x=y", headers: self.header("01"))
            #expect(wrong.status == 404 && wrong.headers["traceresponse"] != nil)
            try await until(3) { try spans().count }
            let found = try spans()
            #expect(found.allSatisfy { $0.trace == TracingTests.trace && $0.parent == TracingTests.parent })
            #expect(response == "00-\(TracingTests.trace)-\(found[0].id)-01")
            #expect(Set(found.map(\.id)).count == 3)
            #expect(found.map(\.name) == ["POST /checkout", "POST /purchase", "GET"])
            #expect(
                found[0].attributes == [
                    "http.request.method": "POST", "url.path": "/checkout", "http.route": "/checkout",
                    "http.response.status_code": "201", "flashctl.sale": "\(measured.server.sale.id)",
                    "flashctl.batch.size": "1",
                ]
            )
            #expect(found[0].seconds >= 0 && !found[0].failed)
            #expect(found[2].attributes == ["http.request.method": "GET", "http.response.status_code": "404"])
            let everything = "\(found)"
            for secret in ["secretuser", code, "?", "user_id"] { #expect(!everything.contains(secret), "\(secret)") }
            #expect(try await measured.scrape()["flashctl_trace_spans_dropped_total"] == 0)
        }
    }

    @Test("with a share of 1 every request is recorded, in traces of their own, pipelined ones too")
    func share() async throws {
        try await withTraces(share: 1) { measured, spans in
            let client = try await measured.server.connect()
            let requests = (0..<30).map { "POST /checkout?user_id=u\($0)&id=1 HTTP/1.1\r\n\r\n" }
            try await client.send(requests.joined())
            var ids: Set<String> = []
            for _ in requests {
                let answer = try #require(await client.receive())
                #expect([201, 409].contains(answer.status))
                ids.insert(try #require(answer.headers["traceresponse"]))
            }
            #expect(ids.count == 30)
            try await until(30) { try spans().count }
            let found = try spans()
            #expect(Set(found.map { "00-\($0.trace)-\($0.id)-01" }) == ids)
            #expect(found.allSatisfy { $0.parent == nil })
            let statuses = found.compactMap { $0.attributes["http.response.status_code"] }
            #expect(statuses.count { $0 == "201" } == 20 && statuses.count { $0 == "409" } == 10)
        }
    }

    @Test("off, nobody is recorded, whatever the header says")
    func off() async throws {
        try await withTraces(share: 0) { measured, spans in
            let client = try await measured.server.connect()
            let answer = try await client.request("GET", "/livez", headers: self.header("01"))
            #expect(answer.status == 200 && answer.headers["traceresponse"] == nil)
            #expect(try await measured.scrape()["flashctl_trace_spans_dropped_total"] == 0)
            #expect(try spans().isEmpty)
        }
    }

    @Test("what is recorded last before a server stops reaches the file")
    func stop() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "traces-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try await TestServer.with(configure: { $0.tracing = TracingOptions(share: 1, file: file.path) }) { server in
            let client = try await server.connect()
            for _ in 0..<5 { #expect(try await client.request("GET", "/livez").status == 200) }
        }
        #expect(try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\"traceId\"").count == 6)
    }

    @Test("a file that cannot be opened ends the server before it serves")
    func unusableFile() async throws {
        try await TestServer.with { server in
            let error = await #expect(throws: ServerError.self) {
                _ = try await TestServer.start(on: server.stack) { options in
                    options.tracing = TracingOptions(share: 1, file: "/nonexistent/traces.jsonl")
                }
            }
            #expect(error?.code == .cannotTrace)
            #expect(error?.description.contains("/nonexistent/traces.jsonl") == true)
            #expect(error?.nextStep?.contains("--trace-file") == true)
        }
    }
}
