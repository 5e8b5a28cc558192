import java.io.File;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/** The JDK's HttpClient. */
public class JdkClient {
    interface Lane {
        void run() throws Exception;
    }

    static final Map<String, Integer> answers = new TreeMap<>();
    static final Map<String, Integer> failures = new TreeMap<>();
    static int refused = 0;
    static final AtomicLong users = new AtomicLong();
    static String url;

    static HttpResponse<String> post(HttpClient client, String target) throws InterruptedException {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create(url + target)).POST(HttpRequest.BodyPublishers.noBody()).build();
        try {
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            synchronized (answers) {
                answers.merge(String.valueOf(answer.statusCode()), 1, Integer::sum);
            }
            return answer;
        } catch (ConnectException failure) {
            synchronized (answers) {
                refused++;
            }
        } catch (java.io.IOException failure) {
            synchronized (answers) {
                failures.merge(failure.toString(), 1, Integer::sum);
            }
        }
        return null;
    }

    static HttpResponse<String> checkout(HttpClient client) throws InterruptedException {
        return post(client, "/checkout?user_id=jdk-" + System.nanoTime() + "-" + users.incrementAndGet() + "&id=1");
    }

    static void buy(HttpClient client, int count) throws InterruptedException {
        for (int number = 0; number < count; number++) {
            HttpResponse<String> answer = checkout(client);
            if (answer != null && answer.statusCode() == 201) {
                post(client, "/purchase?code=" + answer.body().split("\"")[3]);
            }
        }
    }

    static void steady(HttpClient client, File end) throws InterruptedException {
        while (!end.exists()) {
            if (checkout(client) == null) {
                Thread.sleep(20);
            }
            Thread.sleep(2);
        }
    }

    static void pause(long milliseconds) throws InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        checkout(client);
        Thread.sleep(milliseconds);
        checkout(client);
    }

    public static void main(String[] arguments) throws Exception {
        url = arguments[0];
        HttpClient client = HttpClient.newHttpClient();
        List<Lane> lanes = new ArrayList<>();
        switch (arguments[1]) {
            case "sequence" -> lanes.add(() -> buy(client, Integer.parseInt(arguments[2])));
            case "crowd" -> {
                int count = Integer.parseInt(arguments[3]);
                for (int lane = 0; lane < count; lane++) {
                    lanes.add(() -> buy(client, Integer.parseInt(arguments[2]) / count));
                }
            }
            case "pauses" -> {
                for (String text : arguments[2].split(",")) {
                    lanes.add(() -> pause(Long.parseLong(text)));
                }
            }
            default -> {
                File end = new File(arguments[2]);
                for (int lane = 0; lane < Integer.parseInt(arguments[3]); lane++) {
                    lanes.add(() -> steady(client, end));
                }
            }
        }
        List<Thread> threads = new ArrayList<>();
        for (Lane lane : lanes) {
            Thread thread = new Thread(() -> {
                try {
                    lane.run();
                } catch (Exception failure) {
                    synchronized (answers) {
                        failures.merge(failure.toString(), 1, Integer::sum);
                    }
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println("{\"answers\":" + text(answers) + ",\"refused\":" + refused + ",\"failures\":"
            + text(failures) + "}");
        System.exit(0);
    }

    static String text(Map<String, Integer> counts) {
        List<String> members = new ArrayList<>();
        counts.forEach((name, count) -> members.add("\"" + name.replaceAll("[\"\\\\]", "'") + "\":" + count));
        return "{" + String.join(",", members) + "}";
    }
}
