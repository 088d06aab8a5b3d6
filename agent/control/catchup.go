package control

import (
	"context"
	"errors"
	"time"
)

// changesPage is how many changes are read at once for a client that resumes.
const changesPage = 256

// catchUp subscribes to the events that a client asks for. What the hub no longer
// keeps, as after a restart of the agent, it adds to out from the changes that
// the agent remembers; only when that fails too does out get a gap.
func (s *Server) catchUp(ctx context.Context, out *stream, from resumption, ending <-chan struct{}) (events <-chan Event, cancel func()) {
	subscribe, after := s.backend.Subscribe, from.after
	if from.shows {
		subscribe = s.backend.SubscribeShowing
	}
	for {
		events, cancel = subscribe(after)
		gap, missed := takeFirst(events, out)
		if !missed {
			return events, cancel
		}
		if after > gap.Seq {
			out.add(gap) // of a number that was never given nothing follows
			return events, cancel
		}
		whole, err := s.addChanges(ctx, out, &after, gap.Seq)
		if err != nil {
			out.add(gap)
			return events, cancel
		}
		if whole {
			// Of other events only the last state is known.
			status := s.backend.Status()
			out.add(Event{Seq: gap.Seq, Type: EventStatus, Time: time.Now(), Status: &status})
			return events, cancel
		}
		select {
		case <-ending:
			return events, cancel
		default:
		}
		if !out.flush() {
			return events, cancel // the next write fails too and ends the stream
		}
		cancel()
		addOffered(events, out)
	}
}

// addOffered adds to out the notifications of a subscription that has ended which its
// client alone was asked to show: the next subscription has them as shown.
func addOffered(events <-chan Event, out *stream) {
	for e := range events {
		if e.Type == EventNotification && !e.Notification.Shown {
			out.add(e)
		}
	}
}

// takeFirst looks at the first event of a subscription. Other than a gap it goes
// to out.
func takeFirst(events <-chan Event, out *stream) (gap Event, missed bool) {
	select {
	case e, ok := <-events:
		switch {
		case !ok:
		case e.Type == EventGap:
			return e, true
		default:
			out.add(e)
		}
	default:
	}
	return Event{}, false
}

// addChanges adds to out one page of changes after number *after, up to until,
// where the hub's events begin, and moves *after on. It reports whether that
// were all.
func (s *Server) addChanges(ctx context.Context, out *stream, after *uint64, until uint64) (whole bool, err error) {
	page, err := s.backend.Changes(ctx, *after, changesPage)
	if err != nil {
		if !errors.Is(err, ErrGap) && ctx.Err() == nil {
			s.log.Error("read changes for a client that resumes", keyError, err)
		}
		return false, err
	}
	for i := range page {
		c := &page[i]
		if c.Seq > until {
			return true, nil
		}
		out.add(Event{Seq: c.Seq, Type: EventDelivery, Time: time.Now(), Delivery: &c.Delivery})
		*after = c.Seq
	}
	return len(page) < changesPage, nil
}
