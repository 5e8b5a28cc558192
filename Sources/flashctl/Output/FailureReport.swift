import ArgumentParser
import FlashSaleKit
import flashserve

/// The one place where an error becomes a status and sentences.
enum FailureReport {
    /// Whether the error comes from a command, not from reading its arguments.
    static func isOurs(_ error: any Error) -> Bool {
        Flashctl.exitCode(for: error) == .failure && !(error is ExitCode)
    }

    /// What a command says and with which status it ends; nil for a silent end.
    static func failure(for error: any Error) -> CommandFailure? {
        switch error {
        case let failure as CommandFailure: failure
        case is SilentExit, is OutputClosed: nil
        case let error as ConfigurationError:
            CommandFailure(.badConfiguration, error.message, nextStep: error.nextStep)
        case let error as RedisError:
            CommandFailure(status(of: error), ErrorText.sentence(error), nextStep: error.nextStep)
        case let error as PostgresError:
            CommandFailure(status(of: error), ErrorText.sentence(error), nextStep: error.nextStep)
        case let error as LocalStackError:
            CommandFailure(status(of: error), ErrorText.sentence(error), nextStep: error.nextStep)
        case let error as ScheduleError:
            CommandFailure(status(of: error), ErrorText.sentence(error), nextStep: error.nextStep)
        case let error as RecoveryError:
            CommandFailure(status(of: error), ErrorText.sentence(error), nextStep: error.nextStep)
        case let error as JournalError:
            CommandFailure(status(of: error), ErrorText.sentence(error), nextStep: error.nextStep)
        case let error as ReconcileError:
            CommandFailure(status(of: error), error.message, nextStep: error.nextStep)
        case let error as ServerError:
            CommandFailure(status(of: error), error.message, nextStep: error.nextStep)
        case is CancellationError: CommandFailure(.interrupted, "interrupted")
        default: CommandFailure(.failure, String(describing: error))
        }
    }

    /// The status with which the process ends after this error.
    static func status(for error: any Error) -> ExitStatus {
        switch error {
        case let exit as SilentExit: exit.status
        case is OutputClosed: .brokenPipe
        default: failure(for: error)?.status ?? .failure
        }
    }

    private static func status(of error: RedisError) -> ExitStatus {
        switch error.code {
        case .badEndpoint, .newerFormat: .badConfiguration
        case .connectFailed, .closed, .notSent, .timeout, .overloaded: .unreachable
        case .authentication: .notAuthorised
        case .server("NOPERM"): .notAuthorised
        case .server("LOADING"): .tryLater
        case .protocolViolation, .noScript, .server, .unexpectedReply: .failure
        }
    }

    private static func status(of error: PostgresError) -> ExitStatus {
        switch error.code {
        case .invalidEndpoint: .badConfiguration
        case .connectFailed where error.isLoginRefused: .notAuthorised
        case .connectFailed where error.isDatabaseMissing: .badConfiguration
        case .connectFailed: .unreachable
        case .closed, .timeout, .overloaded, .commitUnknown, .readOnly: .unreachable
        case .locked, .server("55P03"): .tryLater
        case .cancelled: .interrupted
        case .server(let state): state == "42501" ? .notAuthorised : .failure
        case .invalidStatement, .rolledBack, .decoding, .migration: .failure
        }
    }

    private static func status(of error: ScheduleError) -> ExitStatus {
        switch error.code {
        case .invalidTerms: .usage
        case .locked: .tryLater
        case .unknownSale, .refused, .finished, .clocksDiffer: .failure
        }
    }

    private static func status(of error: RecoveryError) -> ExitStatus {
        switch error.code {
        case .installationMismatch, .newerFormat, .unsafeConfiguration, .otherPostgres: .badConfiguration
        case .locked, .lockLost, .superseded: .tryLater
        case .rebuildNeeded: .failure
        }
    }

    private static func status(of error: JournalError) -> ExitStatus {
        switch error.code {
        case .fenced: .tryLater
        case .newerFormat: .badConfiguration
        case .trimmedPastCursor, .cursorMissing, .unexpectedReply, .rowsRefused: .failure
        }
    }

    private static func status(of error: ReconcileError) -> ExitStatus {
        switch error.code {
        case .wrongHash: .badInput
        case .moved, .locked: .tryLater
        case .refused: .invariantViolated
        }
    }

    private static func status(of error: ServerError) -> ExitStatus {
        switch error.code {
        case .redisRefused, .postgresRefused: .unreachable
        case .cannotListen, .drainUnfinished: .failure
        case .schemaNotReady, .cannotTrace: .badConfiguration
        }
    }

    private static func status(of error: LocalStackError) -> ExitStatus {
        switch error.code {
        case .locked: .tryLater
        case .startFailed: .unreachable
        case .missingBinary, .folder, .stopFailed, .released: .failure
        }
    }
}
