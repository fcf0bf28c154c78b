"""What the passing of time does: sessions expire, fees become known, cardholders complain, and banks decide."""

from portal.sandbox import charges, disputes, events, refunds, sessions
from portal.sandbox.world import World


def catch_up(world: World) -> None:
    """Within a transaction, let everything happen whose moment has come. Called before a look at anything."""
    for body in world.store.due(world.time()):
        events.cause.set(events.NO_REQUEST)
        if body["object"] == "checkout.session":
            sessions.close(world, body)
        elif body["object"] == "charge":
            charges.settle(world, body)
            disputes.arise(world, body)
        elif body["object"] == "dispute":
            disputes.decide(world, body)
        else:
            refunds.conclude(world, body)
