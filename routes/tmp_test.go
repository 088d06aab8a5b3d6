package routes

import (
	"golang.org/x/sys/unix"
	"os"
	"strconv"
	"syscall"
	"testing"
)

func TestTmpLoop(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("N"))
	f := serveRoute(t, compileOne(t, Spec{Script: &ScriptSpec{Command: []string{"/bin/true"}}}))
	s := newLoad2(t, f.addr)
	for range n {
		s()
	}
}
func newLoad2(t *testing.T, a string) func() { return newLoad(t, a, "POST", nil) }
func BenchmarkTmpRoute(b *testing.B) {
	f := serveRoute(b, compileOne(b, Spec{Script: &ScriptSpec{Command: []string{"/bin/true"}}}))
	ss := make(chan func(), 4)
	for range 4 {
		ss <- newLoad(b, f.addr, "POST", nil)
	}
	for b.Loop() {
		burst(4, 50, func() { s := <-ss; s(); ss <- s })
	}
}
func BenchmarkTmpRaw(b *testing.B) {
	for b.Loop() {
		burst(4, 50, func() { rawRun(b,"/bin/true",[]string{"PATH=/bin"},nil) })
	}
}
func BenchmarkTmpHTTP(b *testing.B) {
	f := serveRoute(b, compileOne(b, Spec{Respond: &RespondSpec{}}))
	ss := make(chan func(), 4)
	for range 4 {
		ss <- newLoad(b, f.addr, "POST", nil)
	}
	for b.Loop() {
		burst(4, 50, func() { s := <-ss; s(); ss <- s })
	}
}
func BenchmarkTmpRawDir(b *testing.B) {
	env := append([]string{"PATH=/bin","HOME=/root","LANG=C.UTF-8"}, "A=b", "HOMEHOOK_DELIVERY=xxxxxxxxxxxxx", "HOMEHOOK_DELIVERY2=xxxxxxxxxxxxx", "HOMEHOOK_DELIVER3Y=xxxxxxxxxxxxx", "HOMEHOOK_DELIVERY4=xxxxxxxxxxxxx", "HOMEHOOK_DEL5IVERY=xxxxxxxxxxxxx")
	for b.Loop() {
		burst(4, 50, func() {
			pid, _ := syscall.ForkExec("/bin/true", []string{"/bin/true"}, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Env: env, Dir: "/root", Sys: &syscall.SysProcAttr{Setpgid: true}})
			var ws syscall.WaitStatus
			syscall.Wait4(pid, &ws, 0, nil)
		})
	}
}
func BenchmarkTmpRawFile(b *testing.B) {
	for b.Loop() {
		burst(4, 50, func() {
			h, _ := writeHeaders("/dev/shm", []byte("POST / HTTP/1.1\r\nA: b\r\n"))
			rawRun(b,"/bin/true",[]string{"PATH=/bin"},nil)
			removeFile(h)
		})
	}
}
func BenchmarkTmpRawPipes(b *testing.B) {
	for b.Loop() {
		burst(4, 50, func() {
			var p pipes
			p.open(nil, true)
			rawRun(b,"/bin/true",[]string{"PATH=/bin"},nil)
			p.closeChild()
			p.closeOurs()
		})
	}
}
func pollRun(spool string, env []string, usepid bool) {
	h, _ := writeHeaders(spool, []byte("POST / HTTP/1.1\r\nA: b\r\n"))
	null, _ := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	var o, e [2]int
	syscall.Pipe2(o[:], syscall.O_CLOEXEC)
	syscall.Pipe2(e[:], syscall.O_CLOEXEC)
	pidfd := -1
	sys := &syscall.SysProcAttr{Setpgid: true}
	if usepid {
		sys.PidFD = &pidfd
	}
	pid, _ := syscall.ForkExec("/bin/true", []string{"/bin/true"}, &syscall.ProcAttr{Files: []uintptr{uintptr(null), uintptr(o[1]), uintptr(e[1])}, Env: env, Dir: "/root", Sys: sys})
	syscall.Close(null)
	syscall.Close(o[1])
	syscall.Close(e[1])
	fds := []unix.PollFd{{Fd: int32(o[0]), Events: unix.POLLIN}, {Fd: int32(e[0]), Events: unix.POLLIN}, {Fd: int32(pidfd), Events: unix.POLLIN}}
	var buf [4096]byte
	open := 2
	if usepid {
		open = 3
	}
	for open > 0 {
		unix.Poll(fds, 1000)
		for i := range fds {
			if fds[i].Revents != 0 {
				if i == 2 {
					open--
					fds[2].Fd = -1
					continue
				}
				n, _ := syscall.Read(int(fds[i].Fd), buf[:])
				if n <= 0 {
					fds[i].Fd = -1
					open--
				}
			}
		}
	}
	syscall.Kill(-pid, syscall.SIGKILL)
	var ws syscall.WaitStatus
	syscall.Wait4(pid, &ws, 0, nil)
	syscall.Close(o[0])
	syscall.Close(e[0])
	if pidfd >= 0 {
		syscall.Close(pidfd)
	}
	removeFile(h)
}
func benchEnv() []string {
	return append([]string{"PATH=/bin","HOME=/root","LANG=C.UTF-8"}, "A=b", "HOMEHOOK_DELIVERY=xxxxxxxxxxxxx", "HOMEHOOK_DELIVERY2=xxxxxxxxxxxxx", "HOMEHOOK_DELIVER3Y=xxxxxxxxxxxxx", "HOMEHOOK_DELIVERY4=xxxxxxxxxxxxx", "HOMEHOOK_DEL5IVERY=xxxxxxxxxxxxx")
}
func BenchmarkTmpPoll(b *testing.B) {
	env := benchEnv()
	for b.Loop() {
		burst(4, 50, func() { pollRun("/dev/shm", env, true) })
	}
}
func BenchmarkTmpNPoll(b *testing.B) {
	env := benchEnv()
	for b.Loop() {
		burst(4, 50, func() { pollRun("/dev/shm", env, false) })
	}
}
func variantRun(env []string, file, pipes, stderr, poll bool) {
 if file { h,_:=writeHeaders("/dev/shm",[]byte("POST / HTTP/1.1\r\nA: b\r\n")); defer removeFile(h) }
 var o,e [2]int
 files:=[]uintptr{0,1,2}
 if pipes { syscall.Pipe2(o[:],syscall.O_CLOEXEC); files[1]=uintptr(o[1])
 if stderr { syscall.Pipe2(e[:],syscall.O_CLOEXEC); files[2]=uintptr(e[1])} }
 pidfd:=-1
 sys:=&syscall.SysProcAttr{Setpgid:true}
 if poll {sys.PidFD=&pidfd}
 pid,_:=syscall.ForkExec("/bin/true",[]string{"/bin/true"},&syscall.ProcAttr{Files: files, Env: env, Dir:"/root", Sys:sys})
 var buf [4096]byte
 if pipes {syscall.Close(o[1]); if stderr {syscall.Close(e[1])}}
 if poll { fds := []unix.PollFd{{Fd:int32(pidfd),Events:unix.POLLIN}}; for { if n,_:=unix.Poll(fds,1000);n>0{break} }; syscall.Close(pidfd) }
 var ws syscall.WaitStatus
 if !poll && pipes { syscall.Read(o[0],buf[:]); if stderr {syscall.Read(e[0],buf[:])} }
 syscall.Wait4(pid, &ws, 0, nil)
 if pipes {syscall.Close(o[0]); if stderr {syscall.Close(e[0])}}
}
func BenchmarkTmpV0(b *testing.B){ env:=benchEnv(); for b.Loop(){ burst(4,50,func(){ variantRun(env,false,false,false,false) }) } }
func BenchmarkTmpVfile(b *testing.B){ env:=benchEnv(); for b.Loop(){ burst(4,50,func(){ variantRun(env,true,false,false,false) }) } }
func BenchmarkTmpVpipes(b *testing.B){ env:=benchEnv(); for b.Loop(){ burst(4,50,func(){ variantRun(env,false,true,true,false) }) } }
func BenchmarkTmpVpipe1(b *testing.B){ env:=benchEnv(); for b.Loop(){ burst(4,50,func(){ variantRun(env,false,true,false,false) }) } }
func BenchmarkTmpVpidfd(b *testing.B){ env:=benchEnv(); for b.Loop(){ burst(4,50,func(){ variantRun(env,false,false,false,true) }) } }
func BenchmarkTmpVpipepid(b *testing.B){ env:=benchEnv(); for b.Loop(){ burst(4,50,func(){ variantRun(env,false,true,true,true) }) } }
