#!/sbin/openrc-run
# Homehook for the machine. "homehook service install --system" writes this file
# anew, so that no changes belong here.

name="Homehook"
description="Webhooks for programs at home"
program=@PROGRAM@
account=@ACCOUNT@

# The program makes its folders, becomes the account, and starts the agent again
# when it crashes, but not when it has refused its configuration, which no
# supervisor of OpenRC tells apart. The agent gives its scripts 5 seconds, and is
# killed after 10.
command=$program
command_args="run --service --system --supervise --account $account"
command_background=yes
pidfile="/run/${RC_SVCNAME}.pid"
retry="TERM/12/KILL/2"
umask=022
rc_ulimit="-c 0"

depend() {
	use net dns logger
	after localmount bootmisc firewall ntp-client
}
