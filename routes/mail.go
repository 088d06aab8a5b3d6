package routes

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// implicitTLS is the port on which TLS comes first.
const implicitTLS = 465

// mailer sends an e-mail by SMTP.
type mailer struct {
	host     string
	port     int
	from     *mail.Address
	to       []*mail.Address
	user     string
	password string // name of the credential
	implicit bool   // TLS comes first
	policy   gomail.TLSPolicy
	tls      *tls.Config
}

var _ teller = (*mailer)(nil)

func (c *compiler) mail(path string, s *MailSpec) *mailer {
	m := &mailer{user: s.User, password: s.Password, policy: gomail.TLSMandatory}
	if s.Plain {
		m.policy = gomail.TLSOpportunistic
	}
	c.mailServer(path+".server", s.Server, m)
	if s.From == "" {
		c.report(path+".from", "the sender is missing", "write the address that the mail comes from")
	} else {
		m.from = c.address(path+".from", s.From)
	}
	if len(s.To) == 0 {
		c.report(path+".to", "the receiver is missing", "write a list of addresses")
	}
	for i, to := range s.To {
		m.to = append(m.to, c.address(fmt.Sprintf("%s.to[%d]", path, i), to))
	}
	switch {
	case s.User != "" && s.Password == "":
		c.report(path+".password", "the password is missing", "name the credential that homehook secret set has stored")
	case s.User == "" && s.Password != "":
		c.report(path+".user", "there is a password without its user", "add user")
	}
	return m
}

func (c *compiler) mailServer(path, server string, m *mailer) {
	const remedy = "write it like mail.example.com:465 or mail.example.com:587"
	if server == "" {
		c.report(path, "the server is missing", remedy)
		return
	}
	host, port, err := net.SplitHostPort(server)
	n, numberErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numberErr != nil || n == 0 {
		c.report(path, fmt.Sprintf("%q is not a server with its port", shownAddress(server)), remedy)
		return
	}
	if err := checkHost(host); err != nil {
		c.report(path, fmt.Sprintf("the server %q cannot be used: %s", shownAddress(server), err), remedyOf(err))
	}
	m.host, m.port, m.implicit = host, int(n), n == implicitTLS
	m.tls = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
}

func (c *compiler) address(path, text string) *mail.Address {
	a, err := mail.ParseAddress(text)
	if err != nil || strings.ContainsFunc(text, isHidden) {
		c.report(path, fmt.Sprintf("%q is not an e-mail address", text), `write it like me@example.com or "Me <me@example.com>"`)
		return &mail.Address{}
	}
	return a
}

func (m *mailer) String() string {
	names := make([]string, len(m.to))
	for i, to := range m.to {
		names[i] = to.Address
	}
	return "mail to " + strings.Join(names, ", ")
}

func (m *mailer) tell(ctx context.Context, n *Notification, host Host) notified {
	ctx, cancel := context.WithTimeout(ctx, 3*notifyTimeout)
	defer cancel()
	client, err := m.client(host)
	if err != nil {
		return notified{err: err, kind: FailedUnreachable, retry: true}
	}
	nc, err := m.dial(ctx)
	if err != nil {
		return m.failed(err)
	}
	defer nc.Close() // the library leaves it open where the server refuses
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	use := func(context.Context, string, string) (net.Conn, error) { return nc, nil }
	if err := gomail.WithDialContextFunc(use)(client); err != nil {
		return notified{err: err, kind: FailedFault}
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return m.failed(err)
	}
	msg := m.message(n)
	if err := client.SendWithSMTPClient(conn, msg); err != nil && !msg.IsDelivered() {
		return m.failed(err)
	}
	conn.Quit() // the server has the mail already, whatever it says to this
	return notified{}
}

// mechanisms are the ways to say the password, the best first. Where there is
// no TLS, the last two are not used unless the server is this machine.
var mechanisms = []gomail.SMTPAuthType{
	gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin,
}

func (m *mailer) client(host Host) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(m.port), gomail.WithTimeout(notifyTimeout), gomail.WithTLSPolicy(m.policy),
		gomail.WithTLSConfig(m.tls),
	}
	if m.implicit {
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS)) // dial has done it
	}
	if m.user != "" {
		password, err := secretOf(host, m.password)
		if err != nil {
			return nil, err
		}
		options = append(options, gomail.WithUsername(m.user), gomail.WithPassword(string(password)), gomail.WithOpportunisticSMTPAuth(mechanisms...))
	}
	return gomail.NewClient(m.host, options...)
}

func (m *mailer) dial(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: notifyTimeout, Control: guard}
	nc, err := dialer.DialContext(ctx, "tcp", joinHostPort(m.host, strconv.Itoa(m.port)))
	if err == nil && m.implicit {
		nc, err = handshake(ctx, nc, m.tls)
	}
	return nc, err
}

// message makes the mail. Its values are encoded by the library; the addresses
// are those of the configuration only.
func (m *mailer) message(n *Notification) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	msg.ToMailAddress(m.to...)
	msg.Subject(n.Title)
	body := n.Text + "\n"
	if n.Link != "" {
		body += "\n" + n.Link + "\n"
	}
	msg.SetBodyString(gomail.TypeTextPlain, body+fmt.Sprintf("\n-- \n%s, delivery %s\n", legible(n.Route, maxTitle, false), n.Delivery))
	msg.SetDate()
	msg.SetMessageIDWithValue(m.messageID(n))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no answers from vacations
	if n.Urgent {
		msg.SetImportance(gomail.ImportanceUrgent)
	}
	return msg
}

// messageID is the same for the same mail, so that a mailbox may tell one that
// was sent twice.
func (m *mailer) messageID(n *Notification) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", n.Delivery, n.Title, n.Text, m))
	_, domain, _ := strings.Cut(m.from.Address, "@")
	return fmt.Sprintf("%x@%s", sum[:16], domain)
}

// failed says what a failure of the server's means.
func (m *mailer) failed(err error) notified {
	t := notified{err: fmt.Errorf("%s: %s", net.JoinHostPort(m.host, strconv.Itoa(m.port)), m.why(err)), kind: FailedUnreachable, retry: true}
	if code := answeredCode(err); code >= 500 {
		t.kind, t.retry = FailedStatus, false
	}
	if _, bad := errors.AsType[*tls.CertificateVerificationError](err); bad || isOnlyPlain(err) {
		t.retry = false
	}
	return t
}

// answeredCode is the code with which a server refused, 0 when it did not.
func answeredCode(err error) int {
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return said.Code
	}
	if sent, ok := errors.AsType[*gomail.SendError](err); ok {
		return sent.ErrorCode()
	}
	return 0
}

// isOnlyPlain reports a server without TLS where the route asks for it, for
// which the library has no error of its own.
func isOnlyPlain(err error) bool { return strings.Contains(err.Error(), "does not support STARTTLS") }

func (m *mailer) why(err error) string {
	if isOnlyPlain(err) {
		return "it has no TLS; if that is meant, say plain: true"
	}
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return legible(fmt.Sprintf("it answered %d %s", said.Code, said.Msg), maxTitle, false)
	}
	if errors.Is(err, net.ErrClosed) {
		return "it took too long"
	}
	// The library ends with the id of the mail, which the history has no use for.
	said, _, _ := strings.Cut(cause(err).Error(), ", affected message ID")
	return legible(said, maxTitle, false)
}
