import FlashSaleKit
import Testing

@testable import flashctl

/// What commands say of a sale, or an installation, that a newer version has made.
@Suite(.serialized) struct NewerFormatCommandTests {
    @Test func aNewerSaleAndANewerInstallationAreNamed() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            let sale = try await stores.withBoth { redis, postgres in
                let sale = try #require(try await SaleStore(postgres: postgres).unfinished().first)
                _ = try await redis.send(RedisCommand("HSET", SaleKeys(sale.id).sale, "format", "2"))
                return sale.id
            }
            let sentence = "sale \(sale) has format 2, this flashctl knows 1"
            let status = try await stores.run(StatusCommand.self)
            #expect(status.status == .badConfiguration)
            #expect(status.failure?.message == sentence && status.failure?.nextStep == "use the newer flashctl")
            let verify = try await stores.run(VerifyCommand.self)
            #expect(verify.status == .badConfiguration && verify.failure?.message == sentence)
            let doctor = try await stores.run(DoctorCommand.self)
            #expect(doctor.status == .failure)
            #expect(doctor.data.contains("Not sold: \(sentence)."))
            let rotated = try await stores.run(RotateHourCommand.self)
            let told = rotated.data + rotated.talk + (rotated.failure?.message ?? "")
            #expect(told.contains(sentence))
            let wanted = try await stores.run(PauseCommand.self, "--sale", "\(sale)", "--reason", "test")
            let answer = wanted.data + (wanted.failure?.message ?? "")
            #expect(answer.contains(sentence))
            try await stores.withBoth { _, postgres in
                _ = try await postgres.query("update installation set format = 2")
            }
            let refused = try await stores.run(RotateHourCommand.self)
            #expect(refused.status == .badConfiguration)
            let refusal = refused.talk + (refused.failure?.message ?? "")
            #expect(refusal.contains("this installation has format 2, this flashctl knows 1"), "\(refused)")
        }
    }
}
