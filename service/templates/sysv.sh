#!/bin/sh
# Homehook for the machine. "homehook service install --system" writes this file
# anew, so that no changes belong here.
#
# chkconfig: 2345 90 10
# description: Homehook, webhooks for programs at home
### BEGIN INIT INFO
# Provides:          homehook
# Required-Start:    $local_fs $remote_fs $network
# Required-Stop:     $local_fs $remote_fs $network
# Should-Start:      $syslog $named $time
# Should-Stop:       $syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Homehook, webhooks for programs at home
# Description:       Takes webhooks from relays to programs on this machine.
### END INIT INFO

program=@PROGRAM@
account=@ACCOUNT@
pidfile=/run/homehook.pid

# running tells the service from another process that has got its id since.
running() {
    pid=$(cat "$pidfile" 2>/dev/null) && [ -n "$pid" ] || return 1
    case $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in
    "$program run --service "*) return 0 ;;
    esac
    return 1
}

# The program makes its folders, becomes the account, and starts the agent again
# when it crashes. Nothing of this shell's environment reaches it.
start() {
    running && return 0
    cd /
    umask 022
    ulimit -c 0
    env -i LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "$program" run --service --system --supervise --account "$account" </dev/null >/dev/null 2>&1 &
    echo $! >"$pidfile"
}

# The agent gives its scripts 5 seconds, and is killed after 10.
stop() {
    if running; then
        kill -TERM "$pid"
        waited=0
        while running && [ $waited -lt 60 ]; do
            sleep 0.2 2>/dev/null || { sleep 1; waited=$((waited + 4)); }
            waited=$((waited + 1))
        done
        running && kill -KILL "$pid"
    fi
    rm -f "$pidfile"
}

case $1 in
start)
    echo "Starting Homehook"
    start
    ;;
stop)
    echo "Stopping Homehook"
    stop
    ;;
restart | force-reload)
    echo "Restarting Homehook"
    stop
    start
    ;;
try-restart | condrestart)
    running || exit 0
    stop
    start
    ;;
status)
    if running; then
        echo "Homehook is running (process $pid)"
        exit 0
    fi
    echo "Homehook is stopped"
    [ -e "$pidfile" ] && exit 1
    exit 3
    ;;
*)
    echo "Usage: $0 {start|stop|restart|try-restart|force-reload|status}" >&2
    exit 2
    ;;
esac
