// Package mta takes mail in over SMTP and sends mail out through a durable queue.
package mta
