import Foundation

/// Spans as one line of OTLP in JSON: what the receiver `otlpjsonfile` of the OpenTelemetry Collector reads.
struct TraceDocument: Encodable {
    private let resourceSpans: [ResourceSpans]

    init(_ spans: [FinishedSpan], build: ServerBuild) {
        let resource = Resource(attributes: [
            .text("service.name", "flashctl"), .text("service.version", build.version),
        ])
        let scope = Scope(name: "flashctl.serve", version: build.version)
        let scopeSpans = ScopeSpans(scope: scope, spans: spans.map(Span.init))
        resourceSpans = [ResourceSpans(resource: resource, scopeSpans: [scopeSpans])]
    }

    /// The line with its end.
    func line() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    private struct ResourceSpans: Encodable {
        let resource: Resource
        let scopeSpans: [ScopeSpans]
    }

    private struct Resource: Encodable {
        let attributes: [Attribute]
    }

    private struct ScopeSpans: Encodable {
        let scope: Scope
        let spans: [Span]
    }

    private struct Scope: Encodable {
        let name, version: String
    }

    private struct Attribute: Encodable {
        struct Value: Encodable {
            var stringValue: String?
            /// 64 bits are text in this format.
            var intValue: String?
        }

        let key: String
        let value: Value

        static func text(_ key: String, _ text: String) -> Attribute {
            Attribute(key: key, value: Value(stringValue: text))
        }

        static func number(_ key: String, _ number: Int64) -> Attribute {
            Attribute(key: key, value: Value(intValue: "\(number)"))
        }
    }

    private struct Span: Encodable {
        struct Status: Encodable {
            var code: Int?
        }

        let traceId, spanId: String
        let parentSpanId: String?
        let name: String
        /// Server.
        let kind = 2
        let startTimeUnixNano, endTimeUnixNano: String
        let attributes: [Attribute]
        /// 2 is an error of the server.
        let status: Status

        init(_ span: FinishedSpan) {
            traceId = SpanID.text(span.traceHigh) + SpanID.text(span.traceLow)
            spanId = SpanID.text(span.id)
            parentSpanId = span.parent.map(SpanID.text)
            name = span.path.map { "\(span.method) \($0)" } ?? span.method
            startTimeUnixNano = "\(span.start)"
            endTimeUnixNano = "\(span.end)"
            var attributes: [Attribute] = [
                .text("http.request.method", span.method), .number("http.response.status_code", Int64(span.status)),
            ]
            if let path = span.path {
                attributes += [.text("http.route", path), .text("url.path", path)]
            }
            if let sale = span.sale { attributes.append(.number("flashctl.sale", sale.rawValue)) }
            if let size = span.batchSize { attributes.append(.number("flashctl.batch.size", Int64(size))) }
            self.attributes = attributes
            status = Status(code: span.status >= 500 ? 2 : nil)
        }
    }
}
