// Go's net/http.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type tally struct {
	lock     sync.Mutex
	Answers  map[string]int `json:"answers"`
	Refused  int            `json:"refused"`
	Failures map[string]int `json:"failures"`
}

var (
	counts = tally{Answers: map[string]int{}, Failures: map[string]int{}}
	users  int64
	url    string
)

func post(client *http.Client, target string) (int, []byte) {
	answer, err := client.Post(url+target, "", nil)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	counts.lock.Lock()
	defer counts.lock.Unlock()
	switch {
	case err == nil:
		counts.Answers[strconv.Itoa(answer.StatusCode)]++
		return answer.StatusCode, body
	case errors.Is(err, syscall.ECONNREFUSED):
		counts.Refused++
	default:
		// Without the URL, in which each user is another one.
		counts.Failures[errors.Unwrap(err).Error()]++
	}
	return 0, nil
}

func checkout(client *http.Client) (int, []byte) {
	user := fmt.Sprintf("go-%d-%d", time.Now().UnixNano(), atomic.AddInt64(&users, 1))
	return post(client, "/checkout?id=1&user_id="+user)
}

func buy(client *http.Client, times int) {
	for number := 0; number < times; number++ {
		status, body := checkout(client)
		if status == http.StatusCreated {
			var held struct{ Code string }
			if err := json.Unmarshal(body, &held); err != nil {
				panic(err)
			}
			post(client, "/purchase?code="+held.Code)
		}
	}
}

func pause(milliseconds int) {
	// A transport of its own, so that no other lane uses its connection.
	client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	checkout(client)
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	checkout(client)
}

func steady(client *http.Client, end string) {
	for !exists(end) {
		if status, _ := checkout(client); status == 0 {
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	url = os.Args[1]
	arguments := os.Args[3:]
	client := &http.Client{}
	var lanes []func()
	switch os.Args[2] {
	case "sequence":
		lanes = append(lanes, func() { buy(client, number(arguments[0])) })
	case "crowd":
		for lane := 0; lane < number(arguments[1]); lane++ {
			lanes = append(lanes, func() { buy(client, number(arguments[0])/number(arguments[1])) })
		}
	case "pauses":
		for _, text := range strings.Split(arguments[0], ",") {
			milliseconds := number(text)
			lanes = append(lanes, func() { pause(milliseconds) })
		}
	default:
		for lane := 0; lane < number(arguments[1]); lane++ {
			lanes = append(lanes, func() { steady(client, arguments[0]) })
		}
	}
	var group sync.WaitGroup
	for _, lane := range lanes {
		group.Add(1)
		go func(lane func()) {
			defer group.Done()
			lane()
		}(lane)
	}
	group.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(&counts); err != nil {
		panic(err)
	}
}
