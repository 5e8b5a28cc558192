import FlashSaleKit
import Logging
import NIOCore

/// Makes the services of a server from what they share.
struct ServerParts {
    let options: ServerOptions
    let logger: Logger
    let state: ServerState
    let supervisor: RedisSupervisor
    let loops: [LoopHandle]
    let links: PostgresLinks
    let group: any EventLoopGroup

    func drain(_ stream: DrainService.Stream, _ link: PostgresLink, _ wakeup: Wakeup) -> DrainService {
        DrainService(
            stream: stream,
            supervisor: supervisor,
            postgres: link,
            state: state,
            loops: loops,
            wakeup: wakeup,
            logger: logger
        )
    }

    var sweep: ExpirySweep {
        ExpirySweep(supervisor: supervisor, postgres: links.sweep, state: state, loops: loops, logger: logger)
    }

    var schedule: ScheduleService {
        ScheduleService(
            supervisor: supervisor,
            postgres: links.schedule,
            rotationPostgres: links.rotation,
            state: state,
            loops: loops,
            hourly: options.rotate,
            handshake: options.handshake,
            retention: options.keyRetention,
            logger: logger
        )
    }

    var verification: VerifyService {
        VerifyService(
            supervisor: supervisor,
            postgres: links.verify,
            state: state,
            interval: options.verifyInterval,
            logger: logger
        )
    }

    var guards: GuardService {
        GuardService(options: options, postgres: links.guards, group: group, state: state, logger: logger)
    }

    var load: LoadWatch {
        LoadWatch(
            supervisor: supervisor,
            postgres: links.load,
            state: state,
            loops: loops,
            limits: HighWater(backlogLimit: options.backlogLimit, memoryLimit: options.memoryLimit),
            logger: logger
        )
    }
}
